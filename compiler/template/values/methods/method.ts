/** @file How the methods of a type are written down: a table from name to signature and body. */
import { type Body, bindArguments, invoke } from "../signature.ts";
import { BuiltinFunction, type Value } from "../value.ts";

/** Makes the bound method of a receiver. */
export type Method<Self> = (self: Self) => Value;

export type MethodTable<Self> = ReadonlyMap<string, Method<Self>>;

/** `[signature, body]` for each method; the body gets the receiver, then its bound arguments. */
export type MethodRows<Self> = Readonly<Record<string, readonly [signature: string, body: MethodBody<Self>]>>;

export type MethodBody<Self> = (self: Self, ...bound: never[]) => Value;

export function methodTable<Self>(rows: MethodRows<Self>): MethodTable<Self> {
  return new Map(
    Object.entries(rows).map(([name, [signature, body]]) => {
      const method: Method<Self> = (self) =>
        new BuiltinFunction(name, (args, kwargs) =>
          invoke(body as Body, [self], bindArguments(name, signature, args, kwargs)),
        );
      return [name, method];
    }),
  );
}
