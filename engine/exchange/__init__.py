"""Labels as other programs have them (COCO, YOLO, Pascal VOC, mask folders), written as chips, read onto the map."""
