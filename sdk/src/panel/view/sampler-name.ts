/** A scheduler's class as people call it: "EulerDiscreteScheduler" is Euler. The names are diffusers'. */
export function samplerName(scheduler: string): string {
  const known: Readonly<Record<string, string>> = {
    DPMSolverMultistepScheduler: "DPM++",
    DPMSolverSinglestepScheduler: "DPM++ single",
    EulerAncestralDiscreteScheduler: "Euler a",
    UniPCMultistepScheduler: "UniPC",
  };
  return (
    (Object.hasOwn(known, scheduler) ? known[scheduler] : undefined) ??
    scheduler.replace(/(?:Discrete|Multistep)?Scheduler$/, "")
  );
}
