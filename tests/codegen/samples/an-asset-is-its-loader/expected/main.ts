import { bundlePath } from "fgc/build";
import { Tokenizer } from "fgc/nn";

export const construct = () => Tokenizer.load(bundlePath(import.meta.url, "assets/sample"));
