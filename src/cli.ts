/** The command line: the same compiler without an editor. */
import { Command } from 'commander';
import { version } from './base/version';
import { addBenchCommand } from './cli/bench';
import { addCompileCommand } from './cli/compile';
import { addDoctorCommand } from './cli/doctor';
import { addModelsCommand } from './cli/models';
import { addOptCommand } from './cli/opt';
import { addProfileCommand } from './cli/profile';
import { addRunCommand } from './cli/run';
import { addTraceCommand } from './cli/trace';

const program = new Command('strata')
  .description('Compile models, follow every op through every pass, and see where the time went.')
  .version(version)
  .showHelpAfterError()
  .showSuggestionAfterError();

addModelsCommand(program);
addCompileCommand(program);
addRunCommand(program);
addBenchCommand(program);
addProfileCommand(program);
addOptCommand(program);
addTraceCommand(program);
addDoctorCommand(program);

await program.parseAsync();
