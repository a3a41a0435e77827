/** Gives each dispatch that has none a schedule, chosen by an analytic model of the target. Runs before lower-to-loops. */
import type { Operation } from '../../ir';
import { definePass } from '../../ir';
import { region } from '../../ir/dialects/dispatch';
import { simplifyLoops } from '../loops/joinLoops';
import { isPhase, isPhased, phasesOf } from '../loops/phases';
import { readDispatch } from '../loops/readDispatch';
import { chooseSchedule } from '../schedule/chooseSchedule';
import { choosePhaseSchedule, writePhaseSchedule } from '../schedule/phaseSchedule';
import { writeSchedule } from '../schedule/schedule';
import { targetOf } from '../schedule/target';

export const chooseSchedules = definePass({
  name: 'choose-schedules',
  summary: 'chooses tiles, vectors, loop order and parallel ranges for each dispatch',
  doc: 'The schedule is the attribute `schedule` of dispatch.region; one that is there already stays. What is known of the machine is `strata.target` of the module.',
  anchor: 'builtin.module',
  run: (module, { rewriter }) => {
    const target = targetOf(module);
    for (const op of module.find(
      (o: Operation) => region.is(o) && o.attr('schedule') === undefined && !isPhase(o),
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
