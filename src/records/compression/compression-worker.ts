import { serveWorker } from '../../system/index.js';
import { type CompressionTask, runCompressionTask } from './codec.js';

/** The thread in which big inputs of the codecs written in JavaScript are worked on. */
void serveWorker((task) => runCompressionTask(task as unknown as CompressionTask));
