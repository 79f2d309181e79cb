/**
 * @file Values that are calls away from text: macros, blocks, recursive loops.
 *
 * Printing one writes its pieces, so that the text keeps the places inside the macro or block; in any other use it is a string.
 */
import type { Origin, Frame as SourceFrame, Span } from "../../source/span.ts";
import { hasGap, indentPieces, type Piece, textOfPieces, trimPieces } from "../output.ts";
import { Callable, type KeywordArguments, Markup, noKeywords, poisoned, type Value } from "../values/index.ts";

/** The place of a call, and how it was reached. */
export interface Site {
  readonly span: Span;
  readonly stack: readonly SourceFrame[];
}

export abstract class Renderable extends Callable {
  /** Where it was made: for calls that no expression makes. */
  protected abstract readonly home: Site;
  /** Is its text safe already? */
  protected abstract readonly autoescape: boolean;
  abstract render(args: readonly Value[], kwargs: KeywordArguments, site: Site): readonly Piece[];

  override call(args: readonly Value[], kwargs: KeywordArguments = noKeywords): Value {
    return this.toValue(this.render(args, kwargs, this.home));
  }
  toValue(pieces: readonly Piece[]): Value {
    if (hasGap(pieces)) return poisoned;
    const text = textOfPieces(pieces);
    return this.autoescape ? new Markup(text) : text;
  }
}

/** What ends lines for Python beside the newline. */
const ends = "\\r\\v\\f\\x1c-\\x1e\\x85\\u2028\\u2029";
const otherLineEnds = new RegExp(`[${ends}]`);

/** Text that was rendered and not yet joined. */
export class Rendered {
  readonly pieces: readonly Piece[];
  constructor(pieces: readonly Piece[]) {
    this.pieces = pieces;
  }
  /** As a string. A text with a gap is poisoned: it is not what the template would print. */
  get value(): Value {
    return hasGap(this.pieces) ? poisoned : textOfPieces(this.pieces);
  }
  /** `indent(width, first, blank)`; undefined where lines end otherwise than with a newline. */
  indent(text: string, first: boolean, blank: boolean, origin: Origin): Rendered | undefined {
    if (this.pieces.some((piece) => otherLineEnds.test(piece.text))) return undefined;
    const indentation: Piece = { text, origin };
    const lines = indentPieces(this.pieces, indentation, blank);
    return new Rendered(first ? [indentation, ...lines] : lines);
  }
  /** `trim(characters)`; undefined where the set is beyond what is compared here. */
  trim(characters: string | undefined, isSpace: (character: string) => boolean): Rendered | undefined {
    if (characters === undefined) return new Rendered(trimPieces(this.pieces, isSpace));
    // Pieces are cut between UTF-16 units.
    if (/[\ud800-\udfff]/.test(characters)) return undefined;
    return new Rendered(trimPieces(this.pieces, (character) => characters.includes(character)));
  }
}
