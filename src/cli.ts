/** The command line: the same compiler without an editor. */
import { Command, CommanderError } from 'commander';
import { version } from './base/version';
import { commands } from './cli/commands';
import { cliMessages } from './cli/messages';
import { guardOutput, reportError } from './cli/output';

guardOutput();

const program = new Command('strata')
  .description('Compile models, follow every op through every pass, and see where the time went.')
  .version(version)
  .helpCommand('help [command]', 'print the help of a command')
  .exitOverride()
  .configureOutput({ outputError: () => {} });

const words = process.argv.slice(2).filter((word) => !word.startsWith('-'));
const asked = words[0] === 'help' ? words[1] : words[0];
for (const { name, summary, load } of commands) {
  const command = program.command(name).description(summary);
  // The parts that a command needs are loaded when it is the one that runs.
  if (name === asked) (await load())(command);
}

try {
  await program.parseAsync();
} catch (error) {
  if (!(error instanceof CommanderError)) throw error;
  // Help and the version were asked for, or help was printed for want of a command.
  if (error.exitCode !== 0 && error.code !== 'commander.help') {
    const problem = error.message
      .replace(/^error: /, '')
      .replace(/\n\(?/g, '. ')
      .replace(/\)$/, '');
    const command = commands.some((c) => c.name === asked) ? `strata ${asked}` : 'strata';
    reportError(cliMessages.error('STR0008', { problem, command }), process.argv.includes('--json'));
  }
  process.exitCode = error.exitCode;
}
