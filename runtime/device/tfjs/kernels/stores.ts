/** @file Stores of fused kernels: collected while the kernel is recorded, so that all its loads come first. */
import type { Shape } from "../../../program/dtype.ts";
import type { Access, Store } from "../../../program/kernel.ts";
import { type Context, storeAccess } from "../access.ts";
import type { Register } from "../scalar-code.ts";
import type { Value } from "../values.ts";

export class PendingStores {
  private readonly list: { readonly access: Access; readonly domain: Shape; readonly value: Value }[] = [];

  add(stores: readonly Store[], registers: readonly Register[], domain: Shape): void {
    for (const { access, value } of stores)
      this.list.push({ access, domain, value: (registers[value] as Register).value });
  }

  flush(context: Context): void {
    for (const { access, domain, value } of this.list) storeAccess(context, access, domain, value);
  }
}
