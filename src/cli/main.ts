#!/usr/bin/env node
import { endQuietlyWhenOutputCloses } from './output.js';
import { runCommandLine } from './program.js';

endQuietlyWhenOutputCloses();
process.exitCode = await runCommandLine(process.argv.slice(2));
