/** Versions as numbers between whatever parts them: `4.96-15`, `8.17.1.9`. */
export function isBefore(version: string, least: readonly number[]): boolean {
  const parts = version.split(/[^0-9]+/).map(Number);
  for (const [index, wanted] of least.entries()) {
    const part = parts[index] ?? 0;
    if (part !== wanted) return part < wanted;
  }
  return false;
}
