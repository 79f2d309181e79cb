/** @file Orders take effect one after another. While none is waiting, the next begins at once, in the caller's own turn. */

const nothing = (): void => {};

export class Turns {
  private last: Promise<unknown> | undefined;

  take<T>(order: () => Promise<T>): Promise<T> {
    const result = this.last === undefined ? order() : this.last.then(order);
    const last = result.then(nothing, nothing);
    this.last = last;
    void last.then(() => {
      if (this.last === last) this.last = undefined;
    });
    return result;
  }
}
