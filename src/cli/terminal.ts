/** Where the result is printed: how wide it is, and whether it takes colour. */

/** Colour only on a terminal, never where NO_COLOR is set (no-color.org); a pipe gets 80 plain columns. */
export function terminal(): { readonly colour: boolean; readonly width: number } {
  const { stdout } = process;
  if (!stdout.isTTY) return { colour: false, width: 80 };
  const plain = (process.env.NO_COLOR ?? "") !== "" || !stdout.hasColors();
  return { colour: !plain, width: stdout.columns ?? 80 };
}
