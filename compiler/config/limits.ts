/** @file How large a config may be. Beyond these a fault is told at once; nothing that a person writes comes near them. */

/** Every later stage recurses through the values of a config, so their depth is bounded by what a call stack holds, with room to spare. */
export const maximumNesting = 250;

/** Tokens of YAML: a megabyte of dense text, some sixty thousand entries; any length of long texts. Reading so many takes seconds. */
export const maximumTokens = 600_000;

/** Places of a config when its aliases are written out, as listings and JSON do. */
export const maximumPlaces = 1_000_000;
