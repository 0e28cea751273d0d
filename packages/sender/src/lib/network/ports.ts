import type { NetworkPolicy } from './policy'

/**
 * Ports from 1024 that speak another protocol or run a cluster. From the Fetch standard's bad ports, and the default ports of the
 * databases, queues and control planes that request forgery goes for.
 */
const dangerous: ReadonlySet<number> = new Set([
  // Fetch standard
  1719, 1720, 1723, 2049, 3659, 4045, 4190, 5060, 5061, 6000, 6566, 6665, 6666, 6667, 6668, 6669,
  6679, 6697, 10080,
  // databases and caches: SQL Server, Oracle, MySQL, PostgreSQL, CouchDB, Redis, Cassandra, memcached, MongoDB, Elasticsearch
  1433,
  1521, 3306, 5432, 5984, 6379, 6380, 9042, 9200, 9300, 11211, 27017, 27018, 27019,
  // queues and coordination: ZooKeeper, etcd, epmd, AMQP, Kafka
  2181, 2379, 2380, 4369, 5671, 5672, 9092,
  // remote control: Docker, RDP, VNC, WinRM, Kubernetes API, kubelet
  2375, 2376, 3389, 5900, 5985, 5986, 6443, 10250, 10255,
])

/** Whether the policy lets a webhook go to this port. */
export function isPortAllowed(port: number, policy: NetworkPolicy): boolean {
  if (policy.ports === 'any') return port > 0
  if (policy.ports !== 'default') return policy.ports.has(port)
  return port === 80 || port === 443 || (port >= 1024 && !dangerous.has(port))
}
