export type { CheckOutcome, ConditionCheck, ConditionKit } from "./condition-check.ts";
export { type ConditionReport, conditionContract, runConditionContract } from "./condition-contract.ts";
