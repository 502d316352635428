import sys

from dense_keras.cli import main

sys.exit(main())
