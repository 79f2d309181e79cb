/**
 * @file A module of the GPU kernel IR as WGSL. Nothing is decided here: the text follows the IR statement by statement, and is the same for
 * equal modules, so that it can be the key of a cache of pipelines.
 *
 * @source WebGPU Shading Language, W3C; chromium_experimental_subgroup_matrix: Dawn's docs/tint/extensions
 */
import type {
  BinaryOperator,
  Binding,
  BuiltinName,
  Expr,
  MatrixMemory,
  MatrixType,
  Module,
  Stmt,
  SubgroupOperation,
  ValueType,
} from "../gpu/ir.ts";

export function printWgsl(module: Module): string {
  const printer = new Printer();
  const body = printer.block(module.body, "  ");
  return [
    ...directives(module),
    ...module.bindings.map(printBinding),
    ...module.shared.map(({ id, type, length }) => `var<workgroup> x${id}: array<${typeName(type)}, ${length}>;`),
    ...printer.helpers(),
    `@compute @workgroup_size(${module.workgroupSize})${module.subgroupSize === undefined ? "" : ` @subgroup_size(${module.subgroupSize})`}`,
    `fn main(${parameters(module)}) {`,
    body,
    "}",
    "",
  ].join("\n");
}

function directives({ uses, subgroupSize }: Module): string[] {
  const lines: string[] = [];
  if (uses.f16) lines.push("enable f16;");
  if (uses.subgroups || uses.matrixUnits) lines.push("enable subgroups;");
  if (subgroupSize !== undefined) lines.push("enable subgroup_size_control;");
  if (uses.matrixUnits) lines.push("enable chromium_experimental_subgroup_matrix;");
  // Schedules keep subgroups together by construction; WGSL's analysis cannot see it through a loop over rows.
  if (uses.subgroups || uses.matrixUnits) lines.push("diagnostic(off, subgroup_uniformity);");
  if (uses.matrixUnits) lines.push("diagnostic(off, chromium.subgroup_matrix_uniformity);");
  return lines;
}

function printBinding({ type, length, isWritten }: Binding, i: number): string {
  const elements = length === undefined ? typeName(type) : `${typeName(type)}, ${length}`;
  return `@group(0) @binding(${i}) var<storage, ${isWritten ? "read_write" : "read"}> b${i}: array<${elements}>;`;
}

function parameters({ uses }: Module): string {
  const list = ["@builtin(workgroup_id) group: vec3u", "@builtin(local_invocation_index) local: u32"];
  if (uses.subgroups) list.push("@builtin(subgroup_invocation_id) lane: u32", "@builtin(subgroup_size) width: u32");
  return list.join(", ");
}

const builtinNames: Readonly<Record<BuiltinName, string>> = {
  workgroupX: "group.x",
  workgroupY: "group.y",
  workgroupZ: "group.z",
  localIndex: "local",
  subgroupLane: "lane",
  subgroupSize: "width",
};

const typeName = ({ scalar, width }: ValueType): string => (width === 1 ? scalar : `vec${width}<${scalar}>`);

const matrixName = ({ role, component, rows, cols }: MatrixType): string =>
  `subgroup_matrix_${role}<${component}, ${cols}, ${rows}>`;

const majorOf = ({ columnMajor }: MatrixMemory): string => (columnMajor ? "col_major" : "row_major");

const operators: Readonly<Record<BinaryOperator, string>> = {
  add: "+",
  sub: "-",
  mul: "*",
  div: "/",
  rem: "%",
  and: "&",
  or: "|",
  xor: "^",
  shl: "<<",
  shr: ">>",
  lt: "<",
  le: "<=",
  gt: ">",
  ge: ">=",
  eq: "==",
  ne: "!=",
};

const subgroupNames: Readonly<Record<SubgroupOperation, string>> = {
  add: "subgroupAdd",
  max: "subgroupMax",
  min: "subgroupMin",
  exclusiveAdd: "subgroupExclusiveAdd",
  inclusiveAdd: "subgroupInclusiveAdd",
  shuffleXor: "subgroupShuffleXor",
  shuffle: "subgroupShuffle",
  broadcastFirst: "subgroupBroadcastFirst",
};

const functionNames: Readonly<Record<string, string>> = { quantizeF16: "quantizeToF16" };

/** WGSL has no literal for these and refuses constant expressions that give them, so their bits come from variables. */
const specialBits = { infinity: "0x7f800000u", nan: "0x7fc00000u" } as const;

class Printer {
  private readonly matrices = new Map<number, MatrixType>();
  private readonly specials = new Set<keyof typeof specialBits>();
  private usesRuntime = false;

  /** What the body turned out to need; ask after printing it. */
  helpers(): string[] {
    const lines = [...this.specials].sort().map((name) => `var<private> ${name}: u32 = ${specialBits[name]};`);
    if (this.usesRuntime) lines.push("fn at_run_time(x: f32) -> f32 { return x; }");
    return lines;
  }

  block(stmts: readonly Stmt[], indent: string): string {
    return stmts.map((stmt) => this.stmt(stmt, indent)).join("\n");
  }

  private stmt(stmt: Stmt, indent: string): string {
    const inner = `${indent}  `;
    switch (stmt.kind) {
      case "let":
        return `${indent}let x${stmt.id} = ${this.expr(stmt.value)};`;
      case "var":
        return `${indent}var x${stmt.id}: ${typeName(stmt.type)} = ${this.expr(stmt.value)};`;
      case "assign":
        return `${indent}x${stmt.id} = ${this.expr(stmt.value)};`;
      case "array":
        return `${indent}var x${stmt.id}: array<${typeName(stmt.type)}, ${stmt.length}>;`;
      case "setElement":
        return `${indent}x${stmt.array}[${this.expr(stmt.index)}] = ${this.expr(stmt.value)};`;
      case "store":
        return `${indent}b${stmt.binding}[${this.expr(stmt.index)}] = ${this.expr(stmt.value)};`;
      case "if": {
        const otherwise =
          stmt.otherwise.length === 0 ? "" : ` else {\n${this.block(stmt.otherwise, inner)}\n${indent}}`;
        return `${indent}if (${this.expr(stmt.cond)}) {\n${this.block(stmt.body, inner)}\n${indent}}${otherwise}`;
      }
      case "for": {
        const name = `x${stmt.id}`;
        const head = `var ${name}: u32 = ${this.expr(stmt.from)}; ${name} < ${this.expr(stmt.to)}; ${name} += ${this.expr(stmt.step)}`;
        return `${indent}for (${head}) {\n${this.block(stmt.body, inner)}\n${indent}}`;
      }
      case "while":
        return `${indent}while (${this.expr(stmt.cond)}) {\n${this.block(stmt.body, inner)}\n${indent}}`;
      case "barrier":
        return `${stmt.storage ? `${indent}storageBarrier();\n` : ""}${indent}workgroupBarrier();`;
      case "matrix":
        this.matrices.set(stmt.id, stmt.matrix);
        return `${indent}var x${stmt.id}: ${matrixName(stmt.matrix)};`;
      case "matrixLoad": {
        const matrix = this.matrices.get(stmt.id);
        if (matrix === undefined) throw new Error(`matrix ${stmt.id} is not declared`);
        return `${indent}x${stmt.id} = subgroupMatrixLoad<${matrixName(matrix)}, ${majorOf(stmt.from)}>(${this.matrixPlace(stmt.from)}, ${stmt.from.stride}u);`;
      }
      case "matrixMultiplyAdd":
        return `${indent}x${stmt.id} = subgroupMatrixMultiplyAccumulate(x${stmt.left}, x${stmt.right}, x${stmt.id});`;
      case "matrixStore":
        return `${indent}subgroupMatrixStore<${majorOf(stmt.to)}>(${this.matrixPlace(stmt.to)}, x${stmt.id}, ${stmt.to.stride}u);`;
    }
  }

  private matrixPlace({ array, offset }: MatrixMemory): string {
    return `&${"binding" in array ? `b${array.binding}` : `x${array.shared}`}, ${this.expr(offset)}`;
  }

  private expr(expr: Expr): string {
    switch (expr.kind) {
      case "const":
        return this.constant(expr.value, expr.type);
      case "builtin":
        return builtinNames[expr.name];
      case "local":
        return `x${expr.id}`;
      case "unary":
        return `(${expr.op === "not" ? "!" : expr.op === "neg" ? "-" : "~"}${this.expr(expr.a)})`;
      case "binary": {
        // Bits of a truth value: WGSL has no ^ for it.
        const op = expr.op === "xor" && expr.type.scalar === "bool" ? "!=" : operators[expr.op];
        const [a, b] = this.operands([expr.a, expr.b]) as [string, string];
        return `(${a} ${op} ${b})`;
      }
      case "call":
        return `${functionNames[expr.fn] ?? expr.fn}(${this.operands(expr.args).join(", ")})`;
      case "select":
        return `select(${this.expr(expr.b)}, ${this.expr(expr.a)}, ${this.expr(expr.cond)})`;
      case "cast":
        return `${typeName(expr.type)}(${this.expr(expr.a)})`;
      case "bitcast":
        return `bitcast<${typeName(expr.type)}>(${this.expr(expr.a)})`;
      case "compose":
        return `${typeName(expr.type)}(${expr.parts.map((part) => this.expr(part)).join(", ")})`;
      case "lane": {
        const { lane } = expr;
        const access = lane.kind === "const" ? `.${"xyzw"[lane.value]}` : `[${this.expr(lane)}]`;
        return `${this.expr(expr.a)}${access}`;
      }
      case "load":
        return `b${expr.binding}[${this.expr(expr.index)}]`;
      case "element":
        return `x${expr.array}[${this.expr(expr.index)}]`;
      case "uniformElement":
        return `workgroupUniformLoad(&x${expr.array}[${this.expr(expr.index)}])`;
      case "subgroup": {
        const arg = expr.arg === undefined ? "" : `, ${this.expr(expr.arg)}`;
        return `${subgroupNames[expr.op]}(${this.expr(expr.a)}${arg})`;
      }
    }
  }

  /** Float operands that are all constants are hidden from constant evaluation, where an overflow would be an error. */
  private operands(args: readonly Expr[]): string[] {
    const [first, ...rest] = args.map((arg) => this.expr(arg)) as [string, ...string[]];
    const isFloat = args[0]?.type.scalar === "f32" && args[0].type.width === 1;
    if (!isFloat || !args.every((arg) => arg.kind === "const")) return [first, ...rest];
    this.usesRuntime = true;
    return [`at_run_time(${first})`, ...rest];
  }

  private constant(value: number, { scalar }: ValueType): string {
    switch (scalar) {
      case "bool":
        return value === 0 ? "false" : "true";
      case "u32":
        return `${value >>> 0}u`;
      case "i32":
        return value === -(2 ** 31) ? "bitcast<i32>(0x80000000u)" : value < 0 ? `(${value}i)` : `${value}i`;
      case "f16":
        return float(value, "h");
      case "f32": {
        const rounded = Math.fround(value);
        if (Number.isNaN(rounded)) return this.special("nan");
        if (Number.isFinite(rounded)) return float(rounded, "f");
        return rounded > 0 ? this.special("infinity") : `(-${this.special("infinity")})`;
      }
    }
  }

  private special(name: keyof typeof specialBits): string {
    this.specials.add(name);
    return `bitcast<f32>(${name})`;
  }
}

function float(value: number, suffix: "f" | "h"): string {
  const text = Object.is(value, -0) ? "-0" : String(value);
  const literal = `${text.replace("e+", "e")}${suffix}`;
  return text.startsWith("-") ? `(${literal})` : literal;
}
