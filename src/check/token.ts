/**
 * Probe tokens: what ties a message at the catcher to the probe that caused it. A token is signed, so that a stranger
 * who mails the catcher proves nothing, and says when it was made, so that it expires.
 *
 *     long   26 characters: 20 bits hour, 50 bits random, 60 bits HMAC-SHA-256
 *     short  16 characters: 20 bits hour, 28 bits random, 32 bits HMAC, for local-parts that would pass 64 octets
 *
 * Base32 in lower case without 0, 1, 8, 9: it survives case folding and every rewriting of local-parts.
 */
import { createHmac } from "node:crypto";
import type { Clock, Random } from "../ports.ts";

const alphabet = "abcdefghijklmnopqrstuvwxyz234567";
const forms = {
  long: { characters: 26, payload: 70, random: 50 },
  short: { characters: 16, payload: 48, random: 28 },
} as const;
export type TokenForm = keyof typeof forms;

/** Late mail still counts: five days are usual before a queue gives up (RFC 5321 §4.5.4.1), and then some. */
const lifetimeHours = 8 * 24;
const hourMs = 3_600_000;

/** What stands before the token in a probe's local-part. */
export const localPartPrefix = "fp-";

export interface Tokens {
  issue(form: TokenForm): string;
  /** Whether we made this token and it has not expired. */
  verify(token: string): boolean;
  /** The valid tokens in a text, in order, each once. Looks at a bounded part of the text. */
  find(text: string): readonly string[];
}

function encode(bits: bigint, characters: number): string {
  let text = "";
  for (let index = characters - 1; index >= 0; index -= 1) text += alphabet[Number((bits >> BigInt(index * 5)) & 31n)];
  return text;
}

function decode(text: string): bigint {
  let bits = 0n;
  for (const character of text) bits = (bits << 5n) | BigInt(alphabet.indexOf(character));
  return bits;
}

/** @param key at least 16 bytes; whoever holds it can forge proof, so it never leaves the store. */
export function tokens(key: Uint8Array, clock: Clock, random: Random): Tokens {
  const sign = (payload: bigint, form: TokenForm): bigint => {
    const { characters, payload: bits } = forms[form];
    const width = characters * 5 - bits;
    const digest = createHmac("sha256", key)
      .update(`fencepost token ${form} ${payload.toString(16)}`)
      .digest("hex");
    return BigInt(`0x${digest}`) >> BigInt(256 - width);
  };
  const hour = (): bigint => BigInt(Math.floor(clock.now().getTime() / hourMs));

  function verify(token: string): boolean {
    const form = token.length === forms.long.characters ? "long" : "short";
    const { characters, payload: bits, random: randomBits } = forms[form];
    if (token.length !== characters || !/^[a-z2-7]+$/.test(token)) return false;
    const width = BigInt(characters * 5 - bits);
    const value = decode(token);
    const payload = value >> width;
    if (sign(payload, form) !== (value & ((1n << width) - 1n))) return false;
    const age = hour() - (payload >> BigInt(randomBits));
    return age >= 0n && age <= BigInt(lifetimeHours);
  }

  return {
    verify,
    issue(form) {
      const { characters, payload: bits, random: randomBits } = forms[form];
      const noise = BigInt(`0x${Buffer.from(random.bytes(8)).toString("hex")}`) & ((1n << BigInt(randomBits)) - 1n);
      const payload = (hour() << BigInt(randomBits)) | noise;
      return encode((payload << BigInt(characters * 5 - bits)) | sign(payload, form), characters);
    },
    find(text) {
      const found = new Set<string>();
      let tried = 0;
      // Rewriting may glue other characters to a token (`+2D` before it, `x` after it), so each run is searched, but a
      // stranger's text must not buy endless HMACs.
      for (const [run] of text
        .slice(0, 100_000)
        .toLowerCase()
        .matchAll(/[a-z2-7]{16,}/g)) {
        for (const { characters } of Object.values(forms)) {
          for (let at = 0; at + characters <= Math.min(run.length, 64) && tried < 2000; at += 1, tried += 1) {
            const candidate = run.slice(at, at + characters);
            if (verify(candidate)) found.add(candidate);
          }
        }
      }
      return [...found];
    },
  };
}
