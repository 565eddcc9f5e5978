/** Expressions on TCP flags: `syn & !ack`, `(ack | rst)`, `0x12` (Junos, "Matching bit-field values"). */

type Cube = { readonly mask: number; readonly value: number };

const named: Readonly<Record<string, number>> = {
  fin: 1,
  syn: 2,
  rst: 4,
  push: 8,
  psh: 8,
  ack: 16,
  urgent: 32,
  urg: 32,
};

const maxCubes = 64;

/** Null: it is none, or too tangled. */
export function flagsOf(text: string): readonly Cube[] | null {
  const tokens = text.toLowerCase().match(/0x[0-9a-f]+|[a-z-]+|\d+|[()!&|+,]/g) ?? [];
  if (tokens.join("") !== text.toLowerCase().replace(/\s+/g, "") || tokens.length > 60) return null;
  let at = 0;
  const word = (negated: boolean): readonly Cube[] | null => {
    const token = tokens[at];
    at += 1;
    if (token === undefined) return null;
    if (token === "!") return word(!negated);
    if (token === "(") {
      const inner = any(negated);
      if (tokens[at] !== ")") return null;
      at += 1;
      return inner;
    }
    if (token === "tcp-established")
      return word2(negated, [
        { mask: 16, value: 16 },
        { mask: 4, value: 4 },
      ]);
    if (token === "tcp-initial") return word2(negated, [{ mask: 18, value: 2 }]);
    const bits = named[token] ?? (/^(0x[0-9a-f]{1,2}|\d{1,2})$/.test(token) ? Number(token) & 63 : null);
    if (bits === null || bits === 0) return null;
    if (!negated) return [{ mask: bits, value: bits }];
    return [1, 2, 4, 8, 16, 32].flatMap((bit) => ((bits & bit) === 0 ? [] : [{ mask: bit, value: 0 }]));
  };
  const word2 = (negated: boolean, cubes: readonly Cube[]): readonly Cube[] => (negated ? negate(cubes) : cubes);
  // A negated bracket turns "and" into "or".
  const all = (negated: boolean): readonly Cube[] | null => {
    let cubes = word(negated);
    while (cubes !== null && (tokens[at] === "&" || tokens[at] === "+")) {
      at += 1;
      const next = word(negated);
      if (next === null) return null;
      cubes = negated ? [...cubes, ...next] : both(cubes, next);
      if (cubes.length > maxCubes) return null;
    }
    return cubes;
  };
  const any = (negated: boolean): readonly Cube[] | null => {
    let cubes = all(negated);
    while (cubes !== null && (tokens[at] === "|" || tokens[at] === ",")) {
      at += 1;
      const next = all(negated);
      if (next === null) return null;
      cubes = negated ? both(cubes, next) : [...cubes, ...next];
      if (cubes.length > maxCubes) return null;
    }
    return cubes;
  };
  const cubes = any(false);
  return at === tokens.length ? cubes : null;
}

function both(a: readonly Cube[], b: readonly Cube[]): readonly Cube[] {
  return a.flatMap((one) =>
    b.flatMap((other) =>
      ((one.value ^ other.value) & one.mask & other.mask) === 0
        ? [{ mask: one.mask | other.mask, value: one.value | other.value }]
        : [],
    ),
  );
}

const negate = (cubes: readonly Cube[]): readonly Cube[] =>
  cubes.reduce<readonly Cube[]>(
    (all, { mask, value }) =>
      both(
        all,
        [1, 2, 4, 8, 16, 32].flatMap((bit) => ((mask & bit) === 0 ? [] : [{ mask: bit, value: (value & bit) ^ bit }])),
      ),
    [{ mask: 0, value: 0 }],
  );
