"""python -m device.bench"""

import sys

from .run import main

sys.exit(main())
