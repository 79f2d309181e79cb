/**
 * @file The part of JSON Schema that grammar/ir.schema.json uses, checked. A keyword that is not known is an error, so that nothing in the schema is
 * there for show.
 */

export type Schema = Readonly<Record<string, unknown>>;
type Check = (value: unknown, argument: unknown, schema: Schema, context: Context) => boolean;
interface Context {
  readonly root: Schema;
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const types: Readonly<Record<string, (value: unknown) => boolean>> = {
  null: (value) => value === null,
  boolean: (value) => typeof value === "boolean",
  string: (value) => typeof value === "string",
  integer: (value) => Number.isInteger(value),
  array: Array.isArray,
  object: isObject,
};

const annotation: Check = () => true;

const keywords: Readonly<Record<string, Check>> = {
  $schema: annotation,
  $defs: annotation,
  title: annotation,
  description: annotation,
  $ref: (value, argument, _, context) => accepts(resolve(argument as string, context), value, context),
  type: (value, argument) => [argument].flat().some((name) => types[name as string]?.(value)),
  const: (value, argument) => value === argument,
  enum: (value, argument) => (argument as unknown[]).includes(value),
  minimum: (value, argument) => typeof value !== "number" || value >= (argument as number),
  maximum: (value, argument) => typeof value !== "number" || value <= (argument as number),
  pattern: (value, argument) => typeof value !== "string" || new RegExp(argument as string, "u").test(value),
  minItems: (value, argument) => !Array.isArray(value) || value.length >= (argument as number),
  maxItems: (value, argument) => !Array.isArray(value) || value.length <= (argument as number),
  items: (value, argument, _, context) =>
    !Array.isArray(value) || value.every((item) => accepts(argument as Schema, item, context)),
  required: (value, argument) => !isObject(value) || (argument as string[]).every((name) => Object.hasOwn(value, name)),
  properties: (value, argument, _, context) =>
    !isObject(value) ||
    Object.entries(argument as Record<string, Schema>).every(
      ([name, schema]) => !Object.hasOwn(value, name) || accepts(schema, value[name], context),
    ),
  additionalProperties: (value, argument, schema, context) => {
    if (!isObject(value)) return true;
    const known = Object.keys((schema["properties"] ?? {}) as object);
    const others = Object.keys(value).filter((name) => !known.includes(name));
    return argument === false
      ? others.length === 0
      : others.every((name) => accepts(argument as Schema, value[name], context));
  },
  propertyNames: (value, argument, _, context) =>
    !isObject(value) || Object.keys(value).every((name) => accepts(argument as Schema, name, context)),
  not: (value, argument, _, context) => !accepts(argument as Schema, value, context),
  anyOf: (value, argument, _, context) => (argument as Schema[]).some((schema) => accepts(schema, value, context)),
  oneOf: (value, argument, _, context) =>
    (argument as Schema[]).filter((schema) => accepts(schema, value, context)).length === 1,
};

function resolve(reference: string, { root }: Context): Schema {
  let found: unknown = root;
  for (const step of reference.replace(/^#\//, "").split("/")) found = isObject(found) ? found[step] : undefined;
  if (!isObject(found)) throw new Error(`the schema has no ${reference}`);
  return found;
}

/** Whether `value` is what `schema` describes. */
export function accepts(schema: Schema, value: unknown, context: Context = { root: schema }): boolean {
  return Object.entries(schema).every(([name, argument]) => {
    const check = keywords[name];
    if (check === undefined) throw new Error(`'${name}' is not checked by this test`);
    return check(value, argument, schema, context);
  });
}
