export interface Size {
  readonly width: number;
  readonly shelfHeight: number;
}
export function build(options: { readonly size: Size }): number {
  return options.size.width * options.size.shelfHeight;
}
