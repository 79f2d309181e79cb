export class Shelf {
  readonly boards = 3;
}
export class Lamp {
  readonly watts = 5;
}
export class Room {
  readonly shelf: Shelf;
  constructor(options: { readonly shelf: Shelf }) {
    this.shelf = options.shelf;
  }
}
