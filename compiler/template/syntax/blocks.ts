/** @file The blocks of a template, and the rules that a tree must obey beyond the grammar's. */
import { type Block, type Body, type Macro, type Statement, type Target, unreadable } from "./ast.ts";
import { SyntaxFault } from "./syntax-fault.ts";
import { reads, statementsOf } from "./walk.ts";

type Report = (fault: SyntaxFault) => void;

/** Every block by name. A name stands for one block in a template, also in branches that are not taken. */
export function collectBlocks(body: Body, report: Report): ReadonlyMap<string, Block> {
  const blocks = new Map<string, Block>();
  for (const statement of statementsOf(body)) {
    if (statement.kind !== "block") continue;
    const before = blocks.get(statement.name);
    if (before === undefined) blocks.set(statement.name, statement);
    else if (statement.name !== unreadable) {
      report(
        new SyntaxFault(
          statement.section?.header ?? statement.nameSpan,
          `block '${statement.name}' is defined twice in this template`,
          `a template has one block of a name; to print it again, use self.${statement.name}()`,
          [{ span: before.section?.header ?? before.nameSpan, text: "the first one" }],
        ),
      );
    }
    if (statement.required) checkRequired(statement, report);
  }
  checkPlacement(body, true, report);
  return blocks;
}

function checkRequired(block: Block, report: Report): void {
  const filled = block.body.find((s) => s.kind !== "text" || s.runs.some((run) => /\S/.test(run.text)));
  if (filled !== undefined) {
    report(
      new SyntaxFault(filled.span, `block '${block.name}' is required, so it can hold only whitespace and comments`),
    );
  }
}

/** Statements that may stand only in some places, and names that only some places may assign. */
function checkPlacement(body: Body, topLevel: boolean, report: Report): void {
  for (const statement of body) {
    switch (statement.kind) {
      case "extends":
        if (!topLevel)
          report(
            new SyntaxFault(
              statement.span,
              "`extends` can stand only at the top level of a template, or in an `if` there",
            ),
          );
        break;
      case "if":
        for (const branch of statement.branches) checkPlacement(branch.body, topLevel, report);
        checkPlacement(statement.otherwise ?? [], topLevel, report);
        break;
      case "for":
        checkLoopName(statement, report);
        checkPlacement(statement.body, false, report);
        checkPlacement(statement.otherwise ?? [], false, report);
        break;
      case "macro":
      case "call-block":
        checkCaller(statement, report);
        checkPlacement(statement.body, false, report);
        break;
      default:
        if ("body" in statement) checkPlacement(statement.body, false, report);
    }
  }
}

/** Inside a loop nothing may be called `loop`. */
function checkLoopName(loop: Statement & { kind: "for" }, report: Report): void {
  const refuse = (target: Target): void => {
    if (target.kind === "tuple") target.items.forEach(refuse);
    else if (target.name === "loop")
      report(new SyntaxFault(target.span, "`loop` belongs to the language, it cannot be assigned in a loop"));
  };
  refuse(loop.target);
  for (const statement of statementsOf([...loop.body, ...(loop.otherwise ?? [])])) {
    if (statement.kind === "for") refuse(statement.target);
    if ((statement.kind === "assign" || statement.kind === "assign-block") && statement.target.kind !== "attribute")
      refuse(statement.target);
    if (statement.kind === "with") for (const { target } of statement.bindings) refuse(target);
  }
}

function checkCaller({ parameters, body }: Pick<Macro, "parameters" | "body">, report: Report): void {
  const caller = parameters.find((p) => p.name === "caller");
  if (caller !== undefined && caller.fallback === undefined && reads(body, "caller")) {
    report(
      new SyntaxFault(
        caller.span,
        "the parameter 'caller' needs a default",
        "write `caller=none`, or leave it out: a macro that mentions it gets it",
      ),
    );
  }
}
