/** The master.cf of the package, as far as it listens. */
export const packagedMaster = "smtp      inet  n       -       y       -       -       smtpd\n";
