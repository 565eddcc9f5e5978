/** A site whose answers go to a submission server on loopback. */
import { parseSite, type Site } from "../../src/site/site.ts";

export function replySite(port: number): Site {
  const read = parseSite(
    `name: Our College
domains: [ourcollege.ac.uk]
networks: [192.0.2.0/24]
mailers: [{ name: mx1, host: mx1.ourcollege.ac.uk, addresses: [192.0.2.25], ports: [25] }]
contacts: { csirt: irt@nren.example }
mail: { submit: "smtp://127.0.0.1:${port}", alternative: "smtps://college%40isp.example@mail.isp.example" }
`,
    "site.yaml",
  );
  if (!read.ok) throw new Error("the site of the tests is wrong");
  return read.site;
}
