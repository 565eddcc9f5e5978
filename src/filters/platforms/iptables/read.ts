/** Reads iptables, ip6tables and ipset. */
import type { Reading } from "../../model.ts";
import { readingOf } from "../netfilter/reading.ts";
import { rulesetOf } from "./tables.ts";
import { readText } from "./text.ts";

export const readIptables = (file: string, text: string): Reading => readingOf(rulesetOf(readText(file, text), file));
