/**
 * @file Builds one WebAssembly function: locals, statements, structured control flow. Statements append; operands are code (`code.ts`).
 */
import {
  type Code,
  i32,
  Local,
  type Operand,
  push,
  splatF32,
  splatI32,
  uleb,
  type ValType,
  v128,
  valTypeByte,
} from "./code.ts";

export interface FunctionSource {
  readonly name: string;
  readonly params: readonly ValType[];
  readonly results: readonly ValType[];
  readonly locals: readonly ValType[];
  readonly body: Code;
}

export class FunctionBuilder {
  readonly name: string;
  readonly params: readonly Local[];
  readonly results: readonly ValType[];
  private readonly locals: ValType[] = [];
  private readonly prologue: Code[] = [];
  private body: Code[] = [];
  private readonly constants = new Map<string, Local>();
  private readonly free = new Map<ValType, Local[]>();

  constructor(name: string, params: readonly ValType[], results: readonly ValType[] = []) {
    this.name = name;
    this.params = params.map((type, index) => new Local(type, index));
    this.results = results;
  }

  param(index: number): Local {
    const local = this.params[index];
    if (local === undefined) throw new Error(`function ${this.name} has no parameter ${index}`);
    return local;
  }

  /** A local, 0 at the start of the function. */
  local(type: ValType): Local {
    const reused = this.free.get(type)?.pop();
    if (reused !== undefined) return reused;
    this.locals.push(type);
    return new Local(type, this.params.length + this.locals.length - 1);
  }

  /** A local that takes the value of `code` here. */
  let(type: ValType, code: Operand): Local {
    const local = this.local(type);
    this.set(local, code);
    return local;
  }

  /**
   * Runs `build`; the locals that it took may then be taken again (their content is undefined then). Keeps big functions below the
   * engines' limit on locals; registers are the engine's business.
   */
  scope<T>(build: () => T): T {
    const before = this.locals.length;
    const taken = new Map([...this.free].map(([type, list]) => [type, [...list]]));
    const result = build();
    const free = new Map<ValType, Local[]>(taken);
    const constants = new Set([...this.constants.values()].map((local) => local.index));
    for (let i = before; i < this.locals.length; i++) {
      const local = new Local(this.locals[i] as ValType, this.params.length + i);
      if (constants.has(local.index)) continue;
      const list = free.get(local.type) ?? [];
      list.push(local);
      free.set(local.type, list);
    }
    this.free.clear();
    for (const [type, list] of free) this.free.set(type, list);
    return result;
  }

  /**
   * A vector constant, made once at the start of the function. Engines build a `v128.const` from two moves and an insert at each
   * use, which inside a polynomial costs more than the arithmetic.
   */
  constant(lanes: Int32Array): Local {
    const key = lanes.join();
    let local = this.constants.get(key);
    if (local === undefined) {
      this.locals.push("v128");
      local = new Local("v128", this.params.length + this.locals.length - 1);
      this.constants.set(key, local);
      this.prologue.push([v128.const(lanes), 0x21, ...uleb(local.index)]);
    }
    return local;
  }

  f32x4(value: number): Local {
    return this.constant(splatF32(value));
  }

  i32x4(value: number): Local {
    return this.constant(splatI32(value));
  }

  emit(code: Code): void {
    this.body.push(code);
  }

  /** Code that runs before everything else, after the constants. */
  set(local: Local, code: Operand): void {
    this.body.push([push(code), 0x21, ...uleb(local.index)]);
  }

  /** `local += amount`, in i32. */
  bump(local: Local, amount: Operand): void {
    if (amount === 0) return;
    this.set(local, i32.add(local, amount));
  }

  if(condition: Operand, then: () => void, otherwise?: () => void): void {
    this.body.push([push(condition), 0x04, 0x40]);
    then();
    if (otherwise !== undefined) {
      this.body.push([0x05]);
      otherwise();
    }
    this.body.push([0x0b]);
  }

  /** An endless loop that `breakIf` leaves. */
  private loopWhile(body: () => Code): void {
    this.body.push([0x03, 0x40]);
    const again = body();
    this.body.push([again, 0x0d, 0, 0x0b]);
  }

  /** `do { body } while (condition)`. */
  doWhile(body: () => void, condition: () => Operand): void {
    this.loopWhile(() => {
      body();
      return push(condition());
    });
  }

  /** `while (condition) { body }`. */
  while(condition: () => Operand, body: () => void): void {
    this.if(condition(), () => this.doWhile(body, condition));
  }

  /** `for (counter = from; counter < to; counter += step)`, signed; `to` must not change inside. */
  for(counter: Local, from: Operand, to: Operand, step: number, body: () => void): void {
    this.set(counter, from);
    const again = (): Code => i32.lt_s(counter, to);
    const run = (): void =>
      this.doWhile(() => {
        body();
        this.bump(counter, step);
      }, again);
    // Known bounds need no test before the first round.
    if (typeof from === "number" && typeof to === "number") {
      if (from < to) run();
    } else this.if(again(), run);
  }

  finish(): FunctionSource {
    return {
      name: this.name,
      params: this.params.map((param) => param.type),
      results: this.results,
      locals: this.locals,
      body: [...this.prologue, ...this.body],
    };
  }
}

/** The bytes of a function's entry in the code section, without its size. */
export function encodeBody(source: FunctionSource): Uint8Array {
  // Runs of equal types are one entry.
  const groups: [number, ValType][] = [];
  for (const type of source.locals) {
    const last = groups.at(-1);
    if (last !== undefined && last[1] === type) last[0]++;
    else groups.push([1, type]);
  }
  const head = [...uleb(groups.length), ...groups.flatMap(([count, type]) => [...uleb(count), valTypeByte[type]])];
  return flatten([head, source.body, 0x0b]);
}

/** The leaves of a code tree, in order. */
export function flatten(code: Code): Uint8Array {
  let bytes = new Uint8Array(1024);
  let length = 0;
  const visit = (part: number | Code): void => {
    if (typeof part !== "number") {
      for (const inner of part) visit(inner);
      return;
    }
    if (length === bytes.length) {
      const grown = new Uint8Array(length * 2);
      grown.set(bytes);
      bytes = grown;
    }
    bytes[length++] = part;
  };
  visit(code);
  return bytes.subarray(0, length);
}
