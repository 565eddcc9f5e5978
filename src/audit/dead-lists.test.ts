import { expect, test } from "vitest";
import { shippedTexts } from "../../docs/generate-probes.ts";
import { loadCatalogue } from "../knowledge/catalogue.ts";
import { deadLists } from "../knowledge/list.ts";
import { deadListFindings } from "./dead-lists.ts";
import { treeOf } from "./tree.ts";

const read = loadCatalogue(shippedTexts());
if (!read.ok) throw new Error("the catalogue is damaged");
const dead = deadLists(read.catalogue.lists);

const found = (text: string) =>
  deadListFindings("mx", treeOf("/etc/postfix", { "/etc/postfix/main.cf": text }), dead).map(
    ({ severity, where, data }) => [where?.line, data.zone, severity],
  );

test("the line that asks a dead list is named", () => {
  expect(
    found(
      "a = b\nsmtpd_client_restrictions = reject_rbl_client relays.ordb.org,\n  reject_rbl_client zen.spamhaus.org,\n  reject_rbl_client DUL.dnsbl.sorbs.net=127.0.0.10\n",
    ),
  ).toEqual([
    [2, "relays.ordb.org", "medium"],
    [4, "dnsbl.sorbs.net", "low"],
  ]);
});

test("each list once a file, comments and other names not at all", () => {
  expect(found("x = dnsbl.njabl.org dnsbl.njabl.org\ny = combined.njabl.org\n")).toEqual([
    [1, "dnsbl.njabl.org", "low"],
  ]);
  expect(found("# x = dnsbl.njabl.org\ndnl FEATURE(`dnsbl', `dnsbl.njabl.org')\n")).toEqual([]);
  expect(found("x = notdsbl.org dsbl.org.example my-dsbl.org\n")).toEqual([]);
});
