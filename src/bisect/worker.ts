/** The bisection worker: the shipped compiler. Started by `bisectInWorker`. */
import { serveBisection } from './serveBisection';

void serveBisection();
