// What @cloud-copilot/iam-simulate decides: cases as JSON lines on stdin, decisions on stdout. Run where the package is installed.
import { createRequire } from 'node:module'
import { createInterface } from 'node:readline'
import { pathToFileURL } from 'node:url'
import path from 'node:path'

// Its checks of input know other keys and principals than policies may have; the engine below them is not exported.
const root = path.join(process.cwd(), 'node_modules/@cloud-copilot/iam-simulate/dist/esm')
const load = (file) => import(pathToFileURL(path.join(root, file)))
const { loadPolicy } = await import(pathToFileURL(createRequire(path.join(root, 'x.js')).resolve('@cloud-copilot/iam-policy')))
const { authorize } = await load('core_engine/CoreSimulatorEngine.js')
const { AwsRequestImpl } = await load('request/request.js')
const { RequestContextImpl } = await load('requestContext.js')
const { DiscoveryContextKeyConstraints } = await load('context_keys/discoveryContextKeyConstraints.js')

const policy = (document, name) => (document ? loadPolicy(document, { name }) : undefined)

function decide(test) {
  const account = test.resource.split(':')[4]
  const request = new AwsRequestImpl(test.context['aws:PrincipalArn'], { resource: test.resource, accountId: account }, test.action,
    new RequestContextImpl(test.context))
  const analysis = authorize({
    request,
    identityPolicies: test.policies.map((document, i) => policy(document, `${i + 1}`)),
    resourcePolicy: policy(test.resource_policy, 'resource'),
    permissionBoundaries: test.boundary ? [policy(test.boundary, 'boundary')] : undefined,
    sessionPolicy: policy(test.session_policy, 'session'),
    serviceControlPolicies: [], resourceControlPolicies: [], vpcEndpointPolicies: undefined,
    simulationParameters: { simulationMode: 'Strict', discoveryContextKeyConstraints: new DiscoveryContextKeyConstraints([]) },
  })
  return { Allowed: 'allowed', ExplicitlyDenied: 'explicitDeny', ImplicitlyDenied: 'implicitDeny' }[analysis.result]
}

for await (const line of createInterface({ input: process.stdin })) {
  try {
    console.log(decide(JSON.parse(line)))
  } catch (error) {
    console.log('error ' + String(error.message).split('\n')[0])
  }
}
