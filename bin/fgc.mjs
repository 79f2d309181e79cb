#!/usr/bin/env node
import "../dist/fgc.mjs";
