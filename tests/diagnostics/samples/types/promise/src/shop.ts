export class Shelf {
  readonly boards = 3;
}
export async function order(name: string): Promise<Shelf> {
  await Promise.resolve(name);
  return new Shelf();
}
export function furnish(makeShelf: () => Shelf): number {
  return makeShelf().boards;
}
