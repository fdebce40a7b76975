import type { Migration } from '../migrate.ts'
import { keysMigration } from './0001-keys.ts'
import { changesMigration } from './0002-changes.ts'
import { usageMigration } from './0003-usage.ts'
import { rotationMigration } from './0004-rotation.ts'
import { policyMigration } from './0005-policy.ts'
import { quotaMigration } from './0006-quota.ts'
import { importsMigration } from './0007-imports.ts'
import { auditMigration } from './0008-audit.ts'
import { placesMigration } from './0009-places.ts'
import { lifecycleMigration } from './0011-lifecycle.ts'
import { peppersMigration } from './0012-peppers.ts'
import { signingKeysMigration } from './0013-signing-keys.ts'
import { routeUsesMigration } from './0015-route-uses.ts'
import { issuePolicyMigration } from './0017-issue-policy.ts'
import { operatorsMigration } from './0018-operators.ts'

/** Every migration, oldest first. They ship as modules, so nothing looks for files at run time. */
export const migrations: readonly Migration[] = [
  keysMigration,
  changesMigration,
  usageMigration,
  rotationMigration,
  policyMigration,
  quotaMigration,
  importsMigration,
  auditMigration,
  placesMigration,
  lifecycleMigration,
  peppersMigration,
  signingKeysMigration,
  routeUsesMigration,
  issuePolicyMigration,
  operatorsMigration,
]
