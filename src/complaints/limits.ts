/**
 * How much of a stranger's message is looked at. Abuse mailboxes are published, so anybody may send anything to them;
 * what lies beyond a bound is left out, and the report says so.
 */
export const limits = {
  /** Bytes of one message that are kept; the rest is passed over while reading. */
  messageBytes: 25 * 1024 * 1024,
  /** Bytes of one header section. */
  headerBytes: 256 * 1024,
  /** Parts of one message, those of embedded messages included. */
  parts: 500,
  /** Multiparts and messages within one another. */
  depth: 20,
  /** Messages within messages that are still read: a complaint about a complaint. */
  embedded: 5,
  /** Decoded bytes of one part that are read as text. */
  textBytes: 2 * 1024 * 1024,
  /** Lines of free text that are searched. */
  lines: 20_000,
  /** Characters of one line that patterns are run over. */
  lineLength: 2000,
  /** Decoded bytes of an attachment that is unpacked or parsed. */
  attachmentBytes: 16 * 1024 * 1024,
  /** Bytes that come out of archives, all members together. */
  inflatedBytes: 64 * 1024 * 1024,
  archiveMembers: 50,
  csvRows: 200_000,
  /** Addresses that one message may report. */
  reportsPerMessage: 1000,
  jsonBytes: 8 * 1024 * 1024,
  jsonDepth: 64,
  /** Characters of a value that is shown or kept. */
  value: 500,
} as const;
