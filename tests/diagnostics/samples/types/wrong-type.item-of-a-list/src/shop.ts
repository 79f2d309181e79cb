export class Shelf {
  readonly boards = 3;
}
export class Lamp {
  readonly watts = 5;
}
export function furnish(shelves: readonly Shelf[]): number {
  return shelves.length;
}
