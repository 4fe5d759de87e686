import { setFlagsFromString } from 'node:v8';

// Loading the program makes much that lives for long, by which V8 takes its young generation for too small and grows it
// to 16 MB, which an idle server then keeps. It must not until the server serves; under load it grows as it always does.
setFlagsFromString('--semi-space-growth-factor=1');
const { runProcess } = await import('./run-process.ts');
await runProcess(process.env);
setFlagsFromString('--semi-space-growth-factor=2');
