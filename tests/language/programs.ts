/**
 * @file Random programs of several templates that extend, include and import each other, for property tests.
 *
 * Every piece of text is a word that stands at one place only: `t12` in the text of a template, `v7` in an expression. So a word in
 * the output says where it must have come from.
 */
import fc from "fast-check";

/**
 * How much a property is tried: the same modest number of cases in every run of the suite, or as many others as `FUZZ_CASES` says.
 *
 *     FUZZ_CASES=100000 npx vitest run tests/language/fuzz.test.ts tests/language/span-truth.test.ts
 */
const wanted = process.env["FUZZ_CASES"];
export function runs(share: number): { readonly numRuns: number; readonly seed?: number } {
  return wanted === undefined
    ? { numRuns: Math.ceil(2500 * share), seed: 1 }
    : { numRuns: Math.ceil(Number(wanted) * share) };
}

/** Cheaper than `expect`, which counts where every character is looked at. */
export function ensure(holds: boolean, otherwise: () => string): void {
  if (!holds) throw new Error(otherwise());
}

export type Templates = Readonly<Record<string, string>>;

/** A node of a program: source text is made of it once all of it is known, so that words can be counted. */
type Node = (context: Context) => string;

interface Context {
  readonly word: (kind: "t" | "v") => string;
  readonly indent: string;
}

const names = ["a", "b", "c", "ns.x", "i", "nope"];
const name = fc.constantFrom(...names);
const assigned = fc.constantFrom("a", "b", "c", "ns.x");
const blockName = fc.constantFrom("one", "two", "three", "four");

const { expression } = fc.letrec<{ expression: Node; operand: Node }>((tie) => ({
  operand: fc.oneof(
    { depthSize: "small" },
    { weight: 4, arbitrary: fc.constant<Node>((c) => `'${c.word("v")}'`) },
    {
      weight: 4,
      arbitrary: name.map(
        (n): Node =>
          () =>
            n,
      ),
    },
    fc.constantFrom("1", "2.5", "[1, 'q']", "{'k': 2}", "true", "none", "range(3)", "loop.index").map(
      (n): Node =>
        () =>
          n,
    ),
    fc.tuple(fc.constantFrom("m1", "m2", "lib.m", "caller", "super", "self.one", "self.two"), tie("expression")).map(
      ([f, x]): Node =>
        (c) =>
          `${f}(${f.startsWith("m") || f.startsWith("lib") ? x(c) : ""})`,
    ),
    tie("expression").map(
      (x): Node =>
        (c) =>
          `(${x(c)})`,
    ),
  ),
  expression: fc.oneof(
    { depthSize: "small" },
    { weight: 6, arbitrary: tie("operand") },
    fc.tuple(tie("operand"), fc.constantFrom("~", "+", "*", "==", "in", "and", "or", "<"), tie("operand")).map(
      ([x, o, y]): Node =>
        (c) =>
          `${x(c)} ${o} ${y(c)}`,
    ),
    fc
      .tuple(
        tie("operand"),
        fc.constantFrom(
          ..."trim|upper|default('z')|indent|indent(2, true)|string|list|length|join(', ')|first|toyaml|tojson|replace('v', 'w')|map('string')|nofilter|round|int".split(
            "|",
          ),
        ),
      )
      .map(
        ([x, f]): Node =>
          (c) =>
            `${x(c)}|${f}`,
      ),
    fc.tuple(tie("operand"), tie("operand"), tie("operand")).map(
      ([x, y, z]): Node =>
        (c) =>
          `${x(c)} if ${y(c)} else ${z(c)}`,
    ),
    fc.tuple(tie("operand"), fc.constantFrom("defined", "none", "string", "not mapping", "divisibleby 2", "odd")).map(
      ([x, t]): Node =>
        (c) =>
          `${x(c)} is ${t}`,
    ),
  ),
}));

const join = (nodes: readonly Node[], c: Context): string => nodes.map((node) => node(c)).join("");

const { statement } = fc.letrec<{ statement: Node; body: readonly Node[] }>((tie) => {
  const tag =
    (open: (c: Context) => string, close: string) =>
    (body: readonly Node[]): Node =>
    (c) =>
      `${c.indent}-- ${open(c)}\n${join(body, { ...c, indent: `${c.indent}  ` })}${c.indent}-- ${close}\n`;
  const withExpression = (open: (x: string) => string, close: string): fc.Arbitrary<Node> =>
    fc
      .tuple(expression, tie("body") as fc.Arbitrary<readonly Node[]>)
      .map(([x, body]) => tag((c) => open(x(c)), close)(body));
  const withName = (pick: fc.Arbitrary<string>, open: (n: string) => string, close: string): fc.Arbitrary<Node> =>
    fc.tuple(pick, tie("body") as fc.Arbitrary<readonly Node[]>).map(([n, body]) => tag(() => open(n), close)(body));
  return {
    body: fc.array(tie("statement"), { maxLength: 3, depthIdentifier: "body" }),
    statement: fc.oneof(
      { depthSize: "small", depthIdentifier: "body" },
      {
        weight: 5,
        arbitrary: fc.constant<Node>((c) => `${c.indent}${c.word("t")}: ${c.word("t")} ## ${c.word("t")}\n`),
      },
      {
        weight: 5,
        arbitrary: expression.map(
          (x): Node =>
            (c) =>
              `${c.indent}${c.word("t")} {{ ${x(c)} }} ${c.word("t")}\n`,
        ),
      },
      {
        weight: 3,
        arbitrary: expression.map(
          (x): Node =>
            (c) =>
              `${c.indent}== ${x(c)}\n`,
        ),
      },
      {
        weight: 2,
        arbitrary: expression.map(
          (x): Node =>
            (c) =>
              `${c.indent}=> ${x(c)}\n`,
        ),
      },
      {
        weight: 3,
        arbitrary: fc.tuple(assigned, expression).map(
          ([n, x]): Node =>
            (c) =>
              `${c.indent}-- set ${n} = ${x(c)}\n`,
        ),
      },
      {
        weight: 1,
        arbitrary: fc
          .constantFrom(
            "include 'part'",
            "include 'part' without context",
            "include 'missing' ignore missing",
            "import 'lib' as lib",
            "from 'lib' import m1, m2",
          )
          .map(
            (s): Node =>
              (c) =>
                `${c.indent}-- ${s}\n`,
          ),
      },
      withExpression((x) => `if ${x}`, "endif"),
      withExpression((x) => `for i in ${x}`, "endfor"),
      withExpression((x) => `for i in [1, 2, 3] if ${x}`, "endfor"),
      withExpression((x) => `with a = ${x}`, "endwith"),
      withName(assigned, (n) => `set ${n}`, "endset"),
      withName(assigned, (n) => `set ${n} | trim`, "endset"),
      withName(fc.constantFrom("trim", "indent", "upper", "indent(3)|trim"), (n) => `filter ${n}`, "endfilter"),
      withName(fc.constantFrom("m1", "m2"), (n) => `macro ${n}(p, b=1)`, "endmacro"),
      withName(fc.constantFrom("m1('q')", "m2(a)", "lib.m(2)"), (n) => `call ${n}`, "endcall"),
    ),
  };
});

/** A section or a block tag around some statements. */
const block = fc.tuple(fc.boolean(), fc.boolean(), fc.array(statement, { maxLength: 4 })).map(
  ([isSection, isTrimmed, body]) =>
    (blockName: string): Node =>
    (c) =>
      isSection
        ? `[${blockName}${isTrimmed ? "!" : ""}]\n${join(body, c)}`
        : `-- block ${blockName}\n${join(body, c)}-- endblock\n`,
);

const blocks = fc
  .tuple(fc.uniqueArray(blockName, { maxLength: 3 }), fc.array(block, { minLength: 3, maxLength: 3 }))
  .map(
    ([chosen, made]): Node =>
      (c) =>
        chosen.map((n, i) => made[i]?.(n)(c) ?? "").join(""),
  );

const statements = fc.array(statement, { maxLength: 4 });

/** `main` extends `middle`, which extends `base`; all may use `part` and `lib`. */
export const program: fc.Arbitrary<Templates> = fc
  .tuple(fc.boolean(), fc.boolean(), statements, blocks, statements, blocks, statements, blocks, statements, statements)
  .map(([isChild, isGrandchild, top, own, mid, midBlocks, base, baseBlocks, part, lib]) => {
    let count = 0;
    const next = (): number => {
      count += 1;
      return count;
    };
    const c: Context = { word: (kind) => `${kind}${next()}_`, indent: "" };
    const setUp = "-- set ns = namespace(x='none')\n-- from 'lib' import m1, m2\n";
    return {
      main: `${isChild ? `-- extends '${isGrandchild ? "middle" : "base"}'\n` : ""}${setUp}${join(top, c)}${own(c)}`,
      middle: `-- extends 'base'\n${join(mid, c)}${midBlocks(c)}`,
      base: `-- import 'lib' as lib\n${join(base, c)}${baseBlocks(c)}`,
      part: join(part, c),
      lib: `-- macro m(p)\n${c.word("t")} {{ p }} {{ caller() if caller }}\n-- endmacro\n-- macro m1(p)\n${c.word("t")}\n-- endmacro\n-- macro m2(p)\n{{ p }}\n-- endmacro\n${join(lib, c)}`,
    };
  });
