export class Shelf {
  readonly boards = 3;
}
