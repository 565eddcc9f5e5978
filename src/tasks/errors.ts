/** What can go wrong before there is anything to report: one small class per kind, which the command line turns into an exit code. */

/** The request itself makes no sense, or is not allowed. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

/** An input file holds what it must not. */
export class DataError extends Error {
  override readonly name = "DataError";
}

/** An input file is not there or cannot be read. */
export class InputMissing extends Error {
  override readonly name = "InputMissing";
}

/** Something of this machine that is needed cannot be had. */
export class Unavailable extends Error {
  override readonly name = "Unavailable";
}

/** The site file is wrong, or what it says makes the test meaningless. */
export class SiteError extends Error {
  override readonly name = "SiteError";
}
