/** @file All rules, in the order in which they are listed. */
import type { LintRule } from "../rule.ts";
import { droppedText, overridesNothing } from "./blocks.ts";
import { repeatedKey, shadowedTemplate } from "./files.ts";
import { unreachedTemplate, unreadFlag, unusedAnchor, unusedMacro } from "./names.ts";
import { lostSet, unusedVariable } from "./variables.ts";

export const lintRules: readonly LintRule[] = [
  overridesNothing,
  droppedText,
  unusedVariable,
  lostSet,
  unusedAnchor,
  unusedMacro,
  unreadFlag,
  repeatedKey,
  shadowedTemplate,
  unreachedTemplate,
];
