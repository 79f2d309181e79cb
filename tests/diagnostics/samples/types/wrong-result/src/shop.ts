export class Shelf {
  readonly boards: number;
  constructor(boards: number) {
    this.boards = boards;
  }
}
export class Lamp {
  readonly watts = 5;
}
/** A room is furnished by whoever makes its furniture. */
export function furnish(makeShelf: (boards: number) => Shelf): number {
  return makeShelf(3).boards;
}
