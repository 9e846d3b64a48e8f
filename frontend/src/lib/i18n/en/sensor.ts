// Temperatures, fans, power, voltages.
import { addTexts } from '../index.svelte';

export const sensor = addTexts({
  'sensor.title': 'Sensors',
  'sensor.all': 'All sensors',
  'sensor.temperatures': 'Temperatures',
  'sensor.fans': 'Fans',
  'sensor.power': 'Power',
  'sensor.voltages': 'Voltages',
  'sensor.hottest': 'Closest to their limits',
  'sensor.limits': 'high {high} · critical {critical}',
  'sensor.limitHigh': 'high {high}',
  'sensor.limitCritical': 'critical {critical}',
  'sensor.noLimit': 'no limit known',
  'sensor.ofLimit': 'of its limit',
  'sensor.still': 'stands still',
  'sensor.turning': '{n} turning',
  'sensor.below': 'below {minimum}',
  'sensor.minimum': 'minimum {minimum}',
  'sensor.ofWatts': 'of {limit}',
  'sensor.showAll': 'All {n}',
  'sensor.none': 'No sensors on this machine',
  'sensor.noneText':
    'Neither hardware monitoring, thermal zones nor power counters are offered by the kernel here. Virtual machines usually have none.',
  'sensor.unreadable': 'The sensors cannot be read',
  'sensor.leftOut': '{n} more sensors are not listed.',
});
