import { setFlagsFromString } from 'node:v8';

// Loading the program makes much that lives for long, by which V8 takes its young generation for too small and grows it
// to 16 MB, which an idle server then keeps. It must not until the server serves; under load it grows, within bounds.
setFlagsFromString('--semi-space-growth-factor=1');
const { runProcess } = await import('./run-process.ts');
await runProcess(process.env);
const { boundYoungGeneration } = await import('./young-generation.ts');
boundYoungGeneration();
