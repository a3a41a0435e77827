/** The compile worker: compiles or interprets one model off the editor's thread. Started by `compileInWorker` and `interpretInWorker`. */
import { serveTask } from './cancellableWorker';
import type { CompileProgress } from './compilation';
import { packCompilation } from './compilationCache';
import { compileModel } from './compileModel';
import { interpretModel } from './interpretModel';
import type { WorkerResults, WorkerTask } from './workerProtocol';

void serveTask<WorkerTask, CompileProgress, WorkerResults[WorkerTask['kind']]>(
  async (task, cancellation, onProgress) => {
    if (task.kind === 'interpret') return interpretModel(task.model, task.inputs, cancellation);
    const { compilation, resources } = await compileModel(task.request, { cancellation, onProgress });
    return packCompilation(compilation, [...resources.files]);
  },
);
