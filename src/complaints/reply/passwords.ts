/** The file of `mail.passwordFile`: the password of all routes on its only line, or `submit=…` and others on a line each. Pure. */

export const passwordRoutes = ["submit", "alternative", "abuseMailbox"] as const;
export type PasswordRoute = (typeof passwordRoutes)[number];

/** Null: the file has none for this route. */
export function passwordIn(text: string, route: PasswordRoute): string | null {
  const lines = text.split(/\r?\n/).filter((line) => line !== "");
  const named = lines.map((line) => /^(submit|alternative|abuseMailbox)=(.*)$/.exec(line));
  if (lines.length > 0 && named.every((one) => one !== null)) return named.find((one) => one[1] === route)?.[2] ?? null;
  return lines.length === 1 ? lines[0]! : null;
}
