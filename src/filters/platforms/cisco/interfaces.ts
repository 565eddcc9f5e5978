/** Interfaces by the names people call them: `gi0/0/1` is GigabitEthernet0/0/1, `BE1` Bundle-Ether1. */

/** The one name that is meant; null: none, or more than one. */
export function interfaceNamed(text: string, names: readonly string[]): string | null {
  const wanted = plain(text);
  const exact = names.find((name) => name === text) ?? names.find((name) => plain(name) === wanted);
  if (exact !== undefined) return exact;
  const { letters, numbers } = partsOf(wanted);
  if (letters === "") return null;
  const same = names.filter((name) => partsOf(plain(name)).numbers === numbers);
  const beginning = same.filter((name) => partsOf(plain(name)).letters.startsWith(letters));
  if (beginning.length > 0) return beginning.length === 1 ? (beginning[0] ?? null) : null;
  const within = same.filter((name) => isWithin(letters, partsOf(plain(name)).letters));
  return within.length === 1 ? (within[0] ?? null) : null;
}

const plain = (text: string): string => text.toLowerCase().replace(/[\s_-]+/g, "");

function partsOf(text: string): { readonly letters: string; readonly numbers: string } {
  const [, letters = "", numbers = ""] = /^([a-z]*)(.*)$/s.exec(text) ?? [];
  return { letters, numbers };
}

/** Whether the letters stand in the name in this order, the first at its beginning. */
function isWithin(letters: string, name: string): boolean {
  if (letters[0] !== name[0]) return false;
  let at = 0;
  for (const letter of letters) {
    at = name.indexOf(letter, at) + 1;
    if (at === 0) return false;
  }
  return true;
}
