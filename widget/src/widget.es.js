// The widget's words in Spanish: a page that speaks it loads this file before widget.js, which then takes data-language="es".
import { es } from './strings.es.js';

window.valveClinicWords = { ...window.valveClinicWords, es };
