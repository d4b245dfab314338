"""Standard-library unittest, so that it runs on the device as it is: from the folder that holds device/,

python -m unittest discover -t . -s device
"""
