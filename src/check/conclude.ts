/** From the record of a run to the result of its target. Pure. */
import type { Ending } from "../finding/run.ts";
import { fingerprint } from "../knowledge/fingerprint.ts";
import { formatHostPort } from "../net/host-port.ts";
import { formatIp, type IpAddress } from "../net/ip.ts";
import { findingsOf } from "./explain.ts";
import type { RunRecord } from "./record.ts";
import type { CheckRequest, CheckTarget } from "./request.ts";
import type { TargetResult, Vantage } from "./result.ts";
import type { Introduction } from "./talk.ts";
import { resultOf } from "./tried.ts";
import { isDefinite, isInapplicable, verdictOf } from "./verdict.ts";

/** What happened beside the record. */
export interface RunFacts {
  readonly introduction: Introduction | null;
  readonly source: IpAddress | null;
  readonly vantage: Vantage;
  readonly messagesSent: number;
  readonly connections: number;
  readonly ended: Ending;
  readonly startedAt: string;
  readonly finishedAt: string;
}

export function conclude(
  target: CheckTarget,
  request: CheckRequest,
  record: RunRecord,
  { introduction, source, ...facts }: RunFacts,
): TargetResult {
  const { catalogue, profile } = request;
  const { verdict, because } = verdictOf({
    tried: record.tried,
    controls: record.controls,
    vantage: facts.vantage,
    profile: profile.name,
    canCatch: request.catcher.domain === null ? "no" : request.catcher.leads === "seen" ? "yes" : "unknown",
    ended: facts.ended,
  });
  const print = fingerprint(
    {
      banner: introduction?.greeting.text ?? null,
      ehlo: introduction?.ehlo.text.split("\n") ?? [],
      replies: record.replies,
      help: null,
    },
    catalogue.products,
  );
  const product = catalogue.products.find((one) => one.id === print?.product) ?? null;
  const tls = introduction?.tls ?? null;
  return {
    target: targetJson(target),
    source: source === null ? null : formatIp(source),
    ...facts,
    verdict,
    because,
    practice: request.consent.basis(target.address) === "loopback",
    product:
      product === null || print === null
        ? null
        : {
            id: product.id,
            name: product.name,
            ...(print.version === undefined ? {} : { version: print.version }),
            evidence: [...print.evidence],
          },
    tls: tls === null ? null : { protocol: tls.protocol, cipher: tls.cipher, certificate: tls.certificate },
    coverage: {
      profile: profile.name,
      catalogue: catalogue.serial,
      applicable: record.tried.filter((one) => !isInapplicable(one)).length,
      answered: record.tried.filter(isDefinite).length,
    },
    controls: [...record.controls],
    probes: record.tried.map(resultOf),
    findings: findingsOf(
      formatHostPort({ host: { kind: "address", address: target.address }, port: target.port }),
      record.tried,
      record.controls,
      product,
      catalogue.remedies,
      verdict,
    ),
  };
}

export function targetJson(target: CheckTarget): TargetResult["target"] {
  return {
    host: target.host,
    address: formatIp(target.address),
    port: target.port,
    role: target.role,
    ...(target.mailer === null ? {} : { mailer: target.mailer }),
  };
}
