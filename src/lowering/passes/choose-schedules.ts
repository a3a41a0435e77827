/** Gives each dispatch that has none a schedule, chosen by an analytic model of the target. Runs before lower-to-loops. */
import type { Attribute, Operation } from '../../ir';
import { definePass } from '../../ir';
import { region } from '../../ir/dialects/dispatch';
import { simplifyLoops } from '../loops/joinLoops';
import { loopMessages } from '../loops/messages';
import { isPhase, isPhased, phasesOf } from '../loops/phases';
import { isPlainDispatch } from '../loops/plainKernel';
import { readDispatch } from '../loops/readDispatch';
import { chooseSchedule } from '../schedule/chooseSchedule';
import { choosePhaseSchedule, writePhaseSchedule } from '../schedule/phaseSchedule';
import { readSchedule, writeSchedule } from '../schedule/schedule';
import { targetOf } from '../schedule/target';

export const chooseSchedules = definePass({
  name: 'choose-schedules',
  summary: 'chooses tiles, vectors, loop order and parallel ranges for each dispatch',
  doc: 'The schedule is the attribute `schedule` of dispatch.region; one that is there already stays. What is known of the machine is `strata.target` of the module; schedules given by hand are `strata.schedules`, by name of the dispatch.',
  anchor: 'builtin.module',
  run: (module, { rewriter }) => {
    const target = targetOf(module);
    for (const [op, schedule] of givenSchedules(module)) {
      rewriter.apply({
        rule: 'given-schedule',
        root: op,
        build: () => {
          op.setAttr('schedule', schedule);
          return undefined;
        },
      });
    }
    for (const op of module.find(
      (o: Operation) =>
        region.is(o) && o.attr('schedule') === undefined && !isPhase(o) && !isPlainDispatch(o),
    )) {
      rewriter.apply({
        rule: 'choose-schedule',
        root: op,
        build: () => {
          if (isPhased(op)) {
            const phases = phasesOf(op);
            const chosen = choosePhaseSchedule(phases, target);
            op.setAttr('schedule', writePhaseSchedule(phases, chosen));
            phases.forEach((p, i) => {
              p.region.setAttr('schedule', writeSchedule(chosen.phases[i]!));
            });
          } else
            op.setAttr('schedule', writeSchedule(chooseSchedule(simplifyLoops(readDispatch(op)), target)));
          return undefined;
        },
      });
    }
  },
});

/** Attribute of the module: schedules by name of their dispatch, `{name = {block = …, tile = …, …}}`. */
export const givenAttribute = 'strata.schedules';

/** The schedules given by hand with their dispatches. Throws STR0541 for one that does not fit, STR0545 for other names. */
function givenSchedules(module: Operation): readonly (readonly [Operation, Attribute])[] {
  const given = module.attr(givenAttribute);
  if (given === undefined) return [];
  const regions = new Map(
    module.find((op) => region.is(op) && !isPhase(op)).map((op) => [region.view(op).sym_name, op]),
  );
  if (given.kind !== 'dictionary')
    throw loopMessages.error('STR0545', { found: given.text, known: [...regions.keys()] });
  return [...given.entries].map(([name, schedule]) => {
    const op = regions.get(name);
    if (op === undefined) throw loopMessages.error('STR0545', { found: name, known: [...regions.keys()] });
    if (isPhased(op))
      throw loopMessages.error('STR0541', {
        dispatch: name,
        problem: `it has several phases, each with a schedule; change them in the text of stage 'scheduled'`,
      });
    readSchedule(schedule, simplifyLoops(readDispatch(op)));
    return [op, schedule];
  });
}
