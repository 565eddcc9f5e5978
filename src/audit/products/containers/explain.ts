/** What a hole is called in a stack of containers: in Postfix's words, with the remedy where a person edits the stack. */

import type { Hole } from "../../hole.ts";
import { holePlace } from "../../holes.ts";
import type { Explained } from "../../product.ts";
import { explainHole as explainPostfix } from "../postfix/explain.ts";

export function explainHole(hole: Hole): Explained {
  const explained = explainPostfix(hole);
  const place = holePlace(hole);
  const remedy = remedies.find(({ line }) => line.test(place?.text ?? ""))?.remedy;
  const published =
    place === null ? " It is what the image does by itself: set the variable, or publish its port to nobody." : "";
  return { ...explained, where: place ?? hole.listener.where, remedy: `${remedy ?? explained.remedy}${published}` };
}

/** By the variable on the line. */
const remedies: readonly { readonly line: RegExp; readonly remedy: string }[] = [
  { line: /\bPERMIT_DOCKER\b/, remedy: "Set PERMIT_DOCKER=none, and let your other containers log in." },
  {
    line: /\bRELAYNETS\b/,
    remedy: "Leave RELAYNETS empty, or list single addresses of your own; let other clients log in.",
  },
  {
    line: /\bSUBNET6?\b/,
    remedy: "Let SUBNET and SUBNET6 name the container network of Mailu alone, out of the private ranges.",
  },
  {
    line: /\b(POSTFIX_mynetworks|POSTFIX_MYNETWORKS|MYNETWORKS|SMTP_NETWORKS)\b/,
    remedy: "Name only the addresses of your own clients, and publish the port to nobody who need not reach it.",
  },
  {
    line: /\bmynetworks_style\b/,
    remedy:
      "Set mynetworks in data/conf/postfix/extra.cf to 127.0.0.0/8 [::1]/128 and the fixed addresses of your own containers.",
  },
];
