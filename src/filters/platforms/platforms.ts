/** All platforms, in the order in which they are listed. */
import type { Platform } from "../platform.ts";
import { asa } from "./asa/asa.ts";
import { awsNacl } from "./aws-nacl/aws-nacl.ts";
import { awsSg } from "./aws-sg/aws-sg.ts";
import { azureNsg } from "./azure-nsg/azure-nsg.ts";
import { eos } from "./eos/eos.ts";
import { fortios } from "./fortios/fortios.ts";
import { ios } from "./ios/ios.ts";
import { iosxr } from "./iosxr/iosxr.ts";
import { iptables } from "./iptables/iptables.ts";
import { junos } from "./junos/junos.ts";
import { nftables } from "./nftables/nftables.ts";
import { nxos } from "./nxos/nxos.ts";
import { panos } from "./panos/panos.ts";
import { pf } from "./pf/pf.ts";
import { routeros } from "./routeros/routeros.ts";
import { srx } from "./srx/srx.ts";
import { vrp } from "./vrp/vrp.ts";

export const platforms: readonly Platform[] = [
  ios,
  iosxr,
  nxos,
  asa,
  eos,
  junos,
  srx,
  vrp,
  routeros,
  fortios,
  panos,
  pf,
  nftables,
  iptables,
  awsSg,
  awsNacl,
  azureNsg,
];

export const platformIds = platforms.map(({ id }) => id);
