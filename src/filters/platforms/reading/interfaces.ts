/** The interface that a person means. */

/**
 * The name as it is, or with case forgiven, or its only abbreviation: each run of letters may be cut short, and numbers
 * must agree (`gi0/0/1` for `GigabitEthernet0/0/1`).
 */
export function nameMeant(text: string, names: readonly string[]): string | null {
  if (names.includes(text)) return text;
  const wanted = text.trim().toLowerCase();
  if (wanted === "") return null;
  const same = names.filter((name) => name.toLowerCase() === wanted);
  if (same.length === 1) return same[0] ?? null;
  const parts = partsOf(wanted);
  const short = names.filter((name) => {
    const all = partsOf(name.toLowerCase());
    return (
      all.length === parts.length &&
      parts.every((part, index) =>
        /^[a-z]/.test(part) ? (all[index] ?? "").startsWith(part) : part === (all[index] ?? ""),
      )
    );
  });
  return short.length === 1 ? (short[0] ?? null) : null;
}

/** Runs of letters, and what is between them; spaces and hyphens do not count. */
const partsOf = (text: string): readonly string[] => text.replace(/[\s-]+/g, "").match(/[a-z]+|[^a-z]+/g) ?? [];

/** The one name of a list, or in words why it is not known which. */
export function onlyOne(names: readonly string[], what: string): { readonly name: string } | { readonly why: string } {
  const [first] = names;
  if (first === undefined) return { why: `no ${what}` };
  if (names.length === 1) return { name: first };
  const some = names.slice(0, 8).join(", ");
  return { why: `several ${what}: ${some}${names.length > 8 ? ", …" : ""}; say which one is outside` };
}
